/** How the service words refusals and pages lists. */

const DOCUMENTATION = 'https://docs.github.com/rest';

export interface FieldError {
  resource: string;
  code: string;
  field?: string;
  message?: string;
}

export function refusal(status: number, message: string, errors?: FieldError[]): Response {
  return Response.json(
    {
      message,
      ...(errors ? { errors } : {}),
      documentation_url: DOCUMENTATION,
      status: String(status),
    },
    { status },
  );
}

export function notFound(): Response {
  return refusal(404, 'Not Found');
}

export function invalid(...errors: FieldError[]): Response {
  return refusal(422, 'Validation Failed', errors);
}

/** One page of a list, with links to its neighbours. `url` is the request's. */
export function page(url: string, all: readonly unknown[]): Response {
  const query = new URL(url).searchParams;
  const size = Math.min(100, Number(query.get('per_page') ?? 30));
  const at = Number(query.get('page') ?? 1);
  const last = Math.max(1, Math.ceil(all.length / size));
  const link = (number: number, relation: string): string => {
    const target = new URL(url);
    target.searchParams.set('page', String(number));
    return `<${target.href}>; rel="${relation}"`;
  };
  const links = [
    ...(at > 1 ? [link(at - 1, 'prev'), link(1, 'first')] : []),
    ...(at < last ? [link(at + 1, 'next'), link(last, 'last')] : []),
  ];
  return Response.json(all.slice((at - 1) * size, at * size), {
    headers: links.length === 0 ? {} : { link: links.join(', ') },
  });
}

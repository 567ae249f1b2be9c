/** How the service words refusals and pages lists. */

/** No more at once than this, whatever is asked for: an administrator may have set it so. */
const MOST_PER_PAGE = 20;

export function refusal(status: number, message: string): Response {
  return Response.json({ message, url: 'https://gitea.example.org/api/swagger' }, { status });
}

export function notFound(): Response {
  return refusal(404, "The target couldn't be found.");
}

/** One page of a list, with the length of all of it. `url` is the request's. */
export function page(url: string, all: readonly unknown[]): Response {
  const query = new URL(url).searchParams;
  const size = Math.min(MOST_PER_PAGE, Number(query.get('limit') ?? 30));
  const at = Number(query.get('page') ?? 1);
  return Response.json(all.slice((at - 1) * size, at * size), {
    headers: { 'x-total-count': String(all.length) },
  });
}

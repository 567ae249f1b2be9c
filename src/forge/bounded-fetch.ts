const LARGEST_ANSWER = 64 * 1024 * 1024;

/**
 * `fetch` that has read the whole answer when it returns: an answer that is cut off, too late or larger than 64 MiB
 * is an error, never half a text. Its `content-length` is that of the text as it was unpacked. Redirects are returned, not followed: following one turns a POST into a GET.
 */
export async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, { ...init, redirect: 'manual' });
  const { status } = answer;
  const headers = new Headers(answer.headers);
  if (!answer.body) return new Response(null, { status, headers });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) throw new Error(`the answer is larger than ${LARGEST_ANSWER} bytes`);
    chunks.push(chunk);
  }
  headers.set('content-length', String(size));
  headers.delete('content-encoding');
  return new Response(Buffer.concat(chunks), { status, headers });
}

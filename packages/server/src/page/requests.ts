/** Asks the API of the server that the page came from; the cookie says who asks. */

export const API = "/api/v1";

/** What the server has refused, with the way out. */
export class Refusal extends Error {
  readonly status: number;
  readonly fix: string;

  constructor(status: number, message: string, fix: string) {
    super(message);
    this.status = status;
    this.fix = fix;
  }
}

/** Throws a Refusal, in the reader's language; with status 0 where nothing has answered. */
export async function ask<A>(
  method: string,
  path: string,
  {
    language,
    away,
    body,
  }: { readonly language: string; readonly away: string; readonly body?: object },
): Promise<A> {
  const headers = { "X-Warren": "1", "Accept-Language": language };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  let answer: Response;
  try {
    answer = await fetch(`${API}${path}`, { method, headers, ...sent });
  } catch {
    throw new Refusal(0, away, "");
  }
  // A proxy that stands in the way has another form.
  const value: unknown = await answer.json().catch(() => ({}));
  if (answer.ok) return value as A;
  const { error } = value as {
    readonly error?: { readonly message: string; readonly fix: string };
  };
  throw new Refusal(answer.status, error?.message ?? `HTTP ${answer.status}`, error?.fix ?? "");
}

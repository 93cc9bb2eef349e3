// Sends leads to Switchyard and reads them: leads.ts URL KEY [EMAIL]
// Runs without a build step: its types can be erased.

interface FieldError { field: string; message: string; remedy?: string }
interface ProblemBody { detail?: string; remedy?: string; errors?: FieldError[] }
interface Outcome { id: string; status: string; isDuplicate: boolean }
interface Page { leads: { id: string }[]; nextCursor: string | null }

/** An error answer (RFC 9457). */
class Problem extends Error {
  status: number;
  errors: FieldError[];
  constructor(status: number, body: ProblemBody) {
    super(`${status}: ${body.detail ?? ""} ${body.remedy ?? ""}`);
    this.status = status;
    this.errors = body.errors ?? [];
  }
}

const sleep = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));

/** A client that repeats what may succeed later. */
class Client {
  static attempts = 5;
  url: string;
  key: string;
  constructor(url: string, key: string) {
    this.url = url.replace(/\/$/, "");
    this.key = key;
  }

  async send<Body>(method: string, path: string, body?: unknown, idempotencyKey?: string): Promise<{ body: Body; headers: Headers }> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.key}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
    let last: unknown;
    for (let attempt = 0; attempt < Client.attempts; attempt++) {
      let wait: string | null = null;
      try {
        const answer = await fetch(this.url + path, {
          method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.timeout(30_000),
        });
        if (answer.ok) return { body: (await answer.json()) as Body, headers: answer.headers };
        const problem = new Problem(answer.status, (await answer.json().catch(() => ({}))) as ProblemBody);
        if (answer.status !== 429 && answer.status !== 503) throw problem;
        wait = answer.headers.get("Retry-After");
        last = problem;
      } catch (error) {
        // No answer arrived, or half of one. The lead may be stored: the key makes the repetition safe.
        if (error instanceof Problem) throw error;
        last = error;
      }
      if (attempt + 1 < Client.attempts) {
        const pause = wait !== null && /^\d+$/.test(wait) ? Number(wait) : 0.5 * 2 ** attempt;
        // A random part more, so that many clients do not come back at the same moment.
        await sleep(pause + Math.random() / 2);
      }
    }
    throw last;
  }

  /** Stores a lead once, however often the request is repeated. */
  submit(lead: Record<string, unknown>) {
    return this.send<Outcome>("POST", "/api/leads", lead, crypto.randomUUID());
  }

  /** All pages of the list of leads, newest first. */
  async *pages(limit: number): AsyncGenerator<Page["leads"]> {
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ limit: String(limit), ...(cursor === null ? {} : { cursor }) });
      const { body }: { body: Page } = await this.send<Page>("GET", `/api/leads?${query}`);
      yield body.leads;
      cursor = body.nextCursor;
    } while (cursor !== null);
  }
}

// Node and Deno both have `process`.
const [url, key, email] = (globalThis as any).process.argv.slice(2) as string[];
const client = new Client(url, key);
const { body: lead, headers } = await client.submit({ email: email ?? "ada@example.com", companySize: "11-50" });
const again = headers.get("Idempotency-Replayed") === "true" ? " (stored by an earlier attempt)" : "";
console.log(`stored ${lead.id} as ${lead.status}${again}`);
try {
  await client.submit({ email: "no address" });
} catch (error) {
  if (!(error instanceof Problem) || error.status !== 422) throw error;
  for (const { field, message } of error.errors) console.log(`refused ${field}: ${message}`);
}
let pages = 0;
let leads = 0;
for await (const page of client.pages(2)) {
  pages += 1;
  leads += page.length;
}
console.log(`read ${leads} leads on ${pages} pages`);
export {};

// The server's API, as doc/openapi.yaml says: what the page reads of it, and how it is asked.

export type State = "passing" | "warning" | "critical" | "lost" | "maintenance" | "static";
export const states: State[] = ["critical", "lost", "warning", "maintenance", "passing", "static"];
export type Standing = "synced" | "stale" | "never";

export interface Said {
  since?: string;
  by?: string;
  why?: string;
  until?: string;
}

export interface Instance {
  key: string;
  name: string;
  instance: string;
  service?: string;
  zone?: string;
  address?: string;
  port?: number;
  state?: State;
  health?: string;
  since?: string;
  why?: string;
  owner?: string;
  host?: string;
  labels: Record<string, string>;
  tags?: string[];
  ttl?: number;
  text?: string;
  weight?: number;
  priority?: number;
  scheme?: string;
  metrics_path?: string;
  interval?: string;
  params?: Record<string, string>;
  maintenance?: Said;
  held?: Said;
  stopping?: Said;
  retain?: string;
  problem?: string;
  lease?: string;
  revision: number;
}

export interface Instances {
  revision: number;
  standing: Standing;
  total: number;
  next?: string;
  instances: Instance[];
}

export interface Service {
  name: string;
  service?: string;
  zone?: string;
  count: number;
  states: Partial<Record<State, number>>;
  records: number;
  octets: { srv?: number; srv_with_glue?: number };
  over: string[];
  invalid: number;
  held: number;
  consumers: number;
  changed: number;
}

export interface Maintenance {
  subject: string;
  key?: string;
  name?: string;
  host?: string;
  since?: string;
  until?: string;
  by?: string;
  reason?: string;
  problem?: string;
}

export interface Held {
  key: string;
  name: string;
  instance: string;
  address?: string;
  port?: number;
  since?: string;
  by?: string;
  why?: string;
}

export const changeEvents = [
  "registered",
  "changed",
  "deregistered",
  "removed",
  "lost",
  "alive",
  "health",
  "held",
  "released",
  "returned",
  "maintenance",
  "maintenance_ended",
  "stopping",
  "resumed",
] as const;

export interface Change {
  id?: string;
  revision: number;
  time: string;
  event: string;
  key: string;
  name?: string;
  instance?: string;
  by?: string;
  why?: string;
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
}

export interface History {
  revision: number;
  next?: string;
  changes: Change[];
}

export interface Consumer {
  client: string;
  mechanism: string;
  name: string;
  user_agent?: string;
  transport?: string;
  first_seen: string;
  last_seen: string;
  asks: number;
  interval_seconds?: number;
  revision: number;
  lag: number;
  silent: boolean;
}

export interface DnsSize {
  octets: number;
  records: number;
  truncated: boolean;
}
export const dnsTypes = ["SRV", "A", "AAAA", "ANY", "CNAME", "MX", "NS", "PTR", "SOA", "TXT"];

export interface Dns {
  name: string;
  type: string;
  rcode: string;
  flags: string[];
  answer: string[];
  authority: string[];
  additional: string[];
  ede?: { code: number; text?: string };
  sizes: { udp_512: DnsSize; udp_1232: DnsSize; udp_4096: DnsSize; tcp: DnsSize };
  records: number;
}

export interface StoreStatus {
  kind?: string;
  endpoints?: string[];
  standing: Standing;
  revision: number;
  stale_seconds?: number;
  trouble?: string;
}

export interface Runtime {
  hostname?: string;
  zones?: string[];
  registrations?: number;
  revision?: number;
}

// status 0: there was no answer at all.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Parameters = Record<string, string | number | string[] | undefined>;

// `api/v1/PATH?...`, without what is empty.
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  const text = query.toString();
  return `api/v1/${path}${text && `?${text}`}`;
}

const patience = 15_000; // ms

// How far the server's clock is ahead of ours, in ms: ages are told by the server's.
let ahead = 0;
export function serverNow(): number {
  return Date.now() + ahead;
}

// Rejects with an ApiError, or with an AbortError when `signal` says so.
export async function get<T>(url: string, signal?: AbortSignal): Promise<T> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience);
  const pass = () => stop.abort();
  signal?.addEventListener("abort", pass);
  try {
    const answer = await fetch(url, {
      signal: stop.signal,
      headers: { accept: "application/json" },
    });
    noteClock(answer.headers.get("date"));
    const body = (await answer.json().catch(() => null)) as Envelope<T> | null;
    if (body?.status === "success") return body.data as T;
    throw new ApiError(answer.status, body?.error ?? `the server answered ${answer.status}`);
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    throw new ApiError(
      0,
      stop.signal.aborted ? "no answer within 15 s" : "no connection to the server",
    );
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", pass);
  }
}

interface Envelope<T> {
  status: string;
  data?: T;
  error?: string;
}

function noteClock(date: string | null): void {
  const server = Date.parse(date ?? "");
  if (Number.isNaN(server)) return;
  const difference = server - Date.now();
  ahead = Math.abs(difference) > 2000 ? difference : 0; // the header has whole seconds
}

/** The HTTP client, generated from openapi.json. Every call gives its value or throws a Problem. */
import createClient, { type Middleware } from 'openapi-fetch'
import type { paths } from './api.gen'
import { Problem } from './problem'
import type { Facts } from './shapes'

const PATIENCE_MS = 15_000

/** Cross-site pages can't set a header of their own: the server asks for it on everything that changes. */
const mark: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET') request.headers.set('X-Exam', '1')
    return request
  },
}

async function patient(request: Request): Promise<Response> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), PATIENCE_MS)
  try {
    return await fetch(request, { signal: abort.signal })
  } catch {
    throw new Problem('no_network', 0)
  } finally {
    clearTimeout(timer)
  }
}

export const api = createClient<paths>({
  baseUrl: typeof location === 'undefined' ? 'http://localhost' : location.origin,
  credentials: 'same-origin',
  fetch: patient,
})
api.use(mark)

interface Answered<T> {
  data?: T | undefined
  error?: unknown
  response: Response
}

/** Unwrap an answer of `api`: the data, or a thrown Problem. */
export async function got<T>(answer: Promise<Answered<T>>): Promise<T> {
  const { data, error, response } = await answer
  if (response.ok && data !== undefined) return data
  throw problemFrom(error, response.status)
}

export function problemFrom(body: unknown, status: number): Problem {
  const said = body as { code?: unknown; facts?: unknown } | null | undefined
  if (typeof said?.code === 'string') return new Problem(said.code, status, (said.facts ?? {}) as Facts)
  return new Problem(status === 404 ? 'not_found' : status >= 500 ? 'server_error' : 'unknown', status)
}

/** Every call of the desk: its value, or a thrown Problem. */

import { problemFrom } from '@shared/api'
import { Problem } from '@shared/problem'
import type {
  ActOutcome,
  ActRequest,
  BoardSnapshot,
  DeskSittings,
  ExtraTime,
  Me,
  PastActs,
  Results,
  Timeline,
} from './wire'

const PATIENCE_MS = 20_000

type Method = 'GET' | 'POST' | 'DELETE'

async function ask<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const response = await answerTo(method, path, body)
  const said: unknown = await response.json().catch(() => null)
  if (!response.ok) throw problemFrom(said, response.status)
  if (said === null) throw new Problem('no_network', 0) // cut off in the middle of the answer
  return said as T
}

async function answerTo(method: Method, path: string, body: unknown): Promise<Response> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), PATIENCE_MS)
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') headers['X-Exam'] = '1' // a page of another site can't set it
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  try {
    return await fetch(path, { method, headers, credentials: 'same-origin', signal: abort.signal, ...sent })
  } catch {
    throw new Problem('no_network', 0)
  } finally {
    clearTimeout(timer)
  }
}

const sitting = (sittingId: number): string => `/api/desk/sittings/${sittingId}`

export const http = {
  me: () => ask<Me>('GET', '/api/session'),
  logIn: (login: string, password: string) => ask<Me>('POST', '/api/session', { login, password }),
  logOut: () => ask<unknown>('DELETE', '/api/session'),
  sittings: () => ask<DeskSittings>('GET', '/api/desk/sittings'),
  board: (sittingId: number) => ask<BoardSnapshot>('GET', `${sitting(sittingId)}/board`),
  act: (sittingId: number, act: ActRequest) => ask<ActOutcome>('POST', `${sitting(sittingId)}/acts`, act),
  pastActs: (sittingId: number) => ask<PastActs>('GET', `${sitting(sittingId)}/acts`),
  actOutcome: (actId: number) => ask<ActOutcome>('GET', `/api/desk/acts/${actId}`),
  timeline: (attemptId: number) => ask<Timeline>('GET', `/api/desk/attempts/${attemptId}/timeline`),
  results: (sittingId: number) => ask<Results>('GET', `${sitting(sittingId)}/results`),
  release: (sittingId: number, passPoints: number) =>
    ask<Results>('POST', `${sitting(sittingId)}/release`, { pass_points: passPoints }),
  extraTime: (sittingId: number, extra: ExtraTime) =>
    ask<unknown>('POST', `${sitting(sittingId)}/extra-time`, extra),
}

export function pictureUrl(attemptId: number, picture: string): string {
  return `/api/desk/attempts/${attemptId}/pictures/${picture}`
}

export function resultsFileUrl(sittingId: number): string {
  return `${sitting(sittingId)}/results.xlsx`
}

export function liveUrl(sittingId: number): string {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return `${scheme}://${location.host}${sitting(sittingId)}/live`
}

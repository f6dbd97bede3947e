/** The server's proctoring endpoints: those of the exam page, and those of a phone that is only its camera. */
import { api, got, problemFrom } from '@shared/api'
import { Problem } from '@shared/problem'
import type {
  AttemptView,
  CameraCode,
  CameraPaired,
  CameraState,
  CameraView,
  Captured,
  CheckBegun,
  FrameSeen,
  SignalBatch,
  SignalsTaken,
  Watching,
} from '@shared/shapes'
import type { CaptureWhy } from './captures'
import type { CheckTransport } from './entry-check'

const PATIENCE_MS = 20_000
const JPEG = 'image/jpeg'

interface Posting {
  type: string
  body: BodyInit
  headers?: Record<string, string>
  keepalive?: boolean
}

/** What openapi-fetch has no word for: pictures, and requests that outlive their page. */
export async function post<T>(path: string, posting: Posting): Promise<T> {
  const { type, body, headers = {}, keepalive = false } = posting
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), PATIENCE_MS)
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'X-Exam': '1', 'Content-Type': type, ...headers },
      credentials: 'same-origin',
      body,
      keepalive,
      signal: abort.signal,
    })
    const said: unknown = await response.json() // within the same patience: a line may break after the head
    if (!response.ok) throw problemFrom(said, response.status)
    return said as T
  } catch (error) {
    throw error instanceof Problem ? error : new Problem('no_network', 0)
  } finally {
    clearTimeout(timer)
  }
}

const at = (attempt: number) => ({ path: { attempt_id: attempt } })
const by = (attempt: number, device: string) => ({ ...at(attempt), query: { device } })

export const watchingServer = {
  watching: (attempt: number): Promise<Watching> =>
    got(api.GET('/api/attempts/{attempt_id}/watching', { params: at(attempt) })),

  consent: (attempt: number, agreed: boolean, version: string): Promise<Watching> =>
    got(api.POST('/api/attempts/{attempt_id}/consent', { params: at(attempt), body: { agreed, version } })),

  askPerson: (attempt: number, device: string, why: 'no_consent' | 'no_camera'): Promise<AttemptView> =>
    got(api.POST('/api/attempts/{attempt_id}/ask-person', { params: at(attempt), body: { device, why } })),

  check: (attempt: number, device: string): CheckTransport => ({
    begin: (): Promise<CheckBegun> =>
      got(api.POST('/api/attempts/{attempt_id}/checks', { params: by(attempt, device) })),
    frame: (check, jpeg): Promise<FrameSeen> =>
      post(`/api/attempts/${attempt}/checks/${check}/frames?device=${encodeURIComponent(device)}`, {
        type: JPEG,
        body: jpeg,
      }),
  }),

  capture: (attempt: number, device: string, why: CaptureWhy, agoMs: number, jpeg: Blob): Promise<Captured> => {
    const query = new URLSearchParams({ device, why, ago_ms: String(Math.round(agoMs)) })
    return post(`/api/attempts/${attempt}/captures?${query}`, { type: JPEG, body: jpeg })
  },

  signals: (attempt: number, batch: SignalBatch, keepalive: boolean): Promise<SignalsTaken> =>
    post(`/api/attempts/${attempt}/signals`, { type: 'application/json', body: JSON.stringify(batch), keepalive }),

  cameraCode: (attempt: number, device: string): Promise<CameraCode> =>
    got(api.POST('/api/attempts/{attempt_id}/camera', { params: by(attempt, device) })),

  camera: (attempt: number, device: string): Promise<CameraState> =>
    got(api.GET('/api/attempts/{attempt_id}/camera', { params: by(attempt, device) })),
}

/** As the paired phone; the token is all it has. */
export const phoneServer = (token: string) => {
  const headers = { 'X-Camera': token }
  return {
    view: (): Promise<CameraView> => got(api.GET('/api/camera', { headers })),
    check: {
      begin: (): Promise<CheckBegun> => got(api.POST('/api/camera/checks', { headers })),
      frame: (check: number, jpeg: Blob): Promise<FrameSeen> =>
        post(`/api/camera/checks/${check}/frames`, { type: JPEG, body: jpeg, headers }),
    } satisfies CheckTransport,
    capture: (why: CaptureWhy, agoMs: number, jpeg: Blob): Promise<Captured> => {
      const query = new URLSearchParams({ why, ago_ms: String(Math.round(agoMs)) })
      return post(`/api/camera/captures?${query}`, { type: JPEG, body: jpeg, headers })
    },
  }
}

export const pairPhone = (code: string): Promise<CameraPaired> =>
  got(api.POST('/api/camera/pair', { body: { code } }))

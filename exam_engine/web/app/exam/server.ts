/** The server as an exam session sees it. */
import { api, got } from '@shared/api'
import type { DeviceCommand } from '@shared/frames'
import type { BatchOutcome } from '@shared/shapes'
import { Line } from './line'
import type { Server } from './session'

const where = (attempt: number, device: string) => ({
  params: { path: { attempt_id: attempt }, query: { device } },
})

async function post(attempt: number, device: string, since: number, commands: DeviceCommand[]): Promise<BatchOutcome> {
  const params = { path: { attempt_id: attempt } }
  const body = { device, since, commands }
  return got(api.POST('/api/attempts/{attempt_id}/commands', { params, body }))
}

const liveUrl = (attempt: number): string => {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return `${scheme}://${location.host}/api/attempts/${attempt}/live`
}

export const server: Server = {
  view: (attempt, device) => got(api.GET('/api/attempts/{attempt_id}', where(attempt, device))),
  paper: (attempt, device) => got(api.GET('/api/attempts/{attempt_id}/paper', where(attempt, device))),
  line: (attempt, device, handlers) =>
    new Line(device, liveUrl(attempt), (since, commands) => post(attempt, device, since, commands), handlers),
}

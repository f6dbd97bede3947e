/** Every call of the desk, by the client generated from the server's own description. */

import { api, got } from '@shared/api'
import type { ActRequest, ExtraTime } from './wire'

/** Of all rooms, or only of those this account holds. */
const scope = (onlyMine: boolean): { rooms?: 'mine' } => (onlyMine ? { rooms: 'mine' } : {})
const ofSitting = (sittingId: number) => ({ params: { path: { sitting_id: sittingId } } })

export const http = {
  me: () => got(api.GET('/api/session')),
  logIn: (login: string, password: string) => got(api.POST('/api/session', { body: { login, password } })),
  logOut: () => got(api.DELETE('/api/session')),
  sittings: () => got(api.GET('/api/desk/sittings')),
  board: (sittingId: number, onlyMine: boolean) => {
    const path = { sitting_id: sittingId }
    return got(api.GET('/api/desk/sittings/{sitting_id}/board', { params: { path, query: scope(onlyMine) } }))
  },
  act: (sittingId: number, act: ActRequest) =>
    got(api.POST('/api/desk/sittings/{sitting_id}/acts', { ...ofSitting(sittingId), body: act })),
  pastActs: (sittingId: number) => got(api.GET('/api/desk/sittings/{sitting_id}/acts', ofSitting(sittingId))),
  actOutcome: (actId: number) => got(api.GET('/api/desk/acts/{act_id}', { params: { path: { act_id: actId } } })),
  timeline: (attemptId: number) =>
    got(api.GET('/api/desk/attempts/{attempt_id}/timeline', { params: { path: { attempt_id: attemptId } } })),
  results: (sittingId: number) => got(api.GET('/api/desk/sittings/{sitting_id}/results', ofSitting(sittingId))),
  release: (sittingId: number, passPoints: number) =>
    got(
      api.POST('/api/desk/sittings/{sitting_id}/release', {
        ...ofSitting(sittingId),
        body: { pass_points: passPoints },
      }),
    ),
  people: (sittingId: number) => got(api.GET('/api/desk/sittings/{sitting_id}/people', ofSitting(sittingId))),
  extraTime: (sittingId: number, extra: ExtraTime) =>
    got(api.POST('/api/desk/sittings/{sitting_id}/extra-time', { ...ofSitting(sittingId), body: extra })),
}

const sitting = (sittingId: number): string => `/api/desk/sittings/${sittingId}`

export function resultsFileUrl(sittingId: number): string {
  return `${sitting(sittingId)}/results.xlsx`
}

export function liveUrl(sittingId: number, onlyMine: boolean): string {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return `${scheme}://${location.host}${sitting(sittingId)}/live?${new URLSearchParams(scope(onlyMine))}`
}

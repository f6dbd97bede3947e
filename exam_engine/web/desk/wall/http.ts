/** Calls about proctoring: what the wall needs beside its tiles, looking, reviews, flags, cases, rooms. */

import { api, got } from '@shared/api'
import type { FlagAttempts, OpenCase, PictureKey, Verdict } from './shapes'

const ofSitting = (sittingId: number) => ({ params: { path: { sitting_id: sittingId } } })
const ofAttempt = (attemptId: number) => ({ params: { path: { attempt_id: attemptId } } })

export const wallHttp = {
  proctoring: (sittingId: number) =>
    got(api.GET('/api/desk/sittings/{sitting_id}/proctoring', ofSitting(sittingId))),
  links: (sittingId: number, pictures: PictureKey[]) =>
    got(api.POST('/api/desk/sittings/{sitting_id}/picture-links', { ...ofSitting(sittingId), body: { pictures } })),
  candidate: (attemptId: number) => got(api.GET('/api/desk/attempts/{attempt_id}/proctoring', ofAttempt(attemptId))),
  look: (attemptId: number) => got(api.POST('/api/desk/attempts/{attempt_id}/look', ofAttempt(attemptId))),
  // Sent while the page goes, too: then only a request that outlives it arrives.
  lookAway: (attemptId: number) =>
    got(api.DELETE('/api/desk/attempts/{attempt_id}/look', { ...ofAttempt(attemptId), keepalive: true })),
  review: (attemptId: number, verdict: Verdict, incidentIds: number[]) =>
    got(
      api.POST('/api/desk/attempts/{attempt_id}/reviews', {
        ...ofAttempt(attemptId),
        body: { verdict, incident_ids: incidentIds },
        keepalive: true,
      }),
    ),
  flag: (sittingId: number, body: FlagAttempts) =>
    got(api.POST('/api/desk/sittings/{sitting_id}/flags', { ...ofSitting(sittingId), body })),
  openCase: (attemptId: number, body: OpenCase) =>
    got(api.POST('/api/desk/attempts/{attempt_id}/cases', { ...ofAttempt(attemptId), body })),
  divide: (sittingId: number, rooms: number) =>
    got(api.POST('/api/desk/sittings/{sitting_id}/rooms', { ...ofSitting(sittingId), body: { rooms } })),
  assign: (sittingId: number, room: number, accountIds: number[]) =>
    got(
      api.POST('/api/desk/sittings/{sitting_id}/rooms/assign', {
        ...ofSitting(sittingId),
        body: { room, account_ids: accountIds },
      }),
    ),
  handOver: (sittingId: number, room: number, toAccountId: number, note: string) =>
    got(
      api.POST('/api/desk/sittings/{sitting_id}/rooms/hand-over', {
        ...ofSitting(sittingId),
        body: { room, to_account_id: toAccountId, note },
      }),
    ),
}

/** Calls of the unified make-up. */
import { api, got } from '@shared/api'
import type { Kind, Reach, WindowSpec } from './shapes'

export interface Scope {
  cycle: number
  province: string
}

const query = ({ cycle, province }: Scope) => ({ ...(cycle ? { cycle } : {}), ...(province ? { province } : {}) })
const of = (makeup_id: number) => ({ params: { path: { makeup_id } } })

export const makeupHttp = {
  overview: (scope: Scope) => got(api.GET('/api/desk/makeup', { params: { query: query(scope) } })),
  absences: (scope: Scope, kind: Kind, state: string, after: number) =>
    got(
      api.GET('/api/desk/makeup/absences', {
        params: { query: { ...query(scope), kind, ...(state ? { state } : {}), ...(after ? { after: String(after) } : {}) } },
      }),
    ),
  decideAbsences: (absence_ids: number[], accept: boolean, reason: string) =>
    got(api.POST('/api/desk/makeup/absences/decide', { body: { absence_ids, accept, reason } })),
  make: (cycle: number, kind: Kind) => got(api.POST('/api/desk/makeup/plans', { body: { cycle, kind } })),
  plan: (id: number) => got(api.GET('/api/desk/makeup/plans/{makeup_id}', of(id))),
  invigilators: (id: number) => got(api.GET('/api/desk/makeup/plans/{makeup_id}/invigilators', of(id))),
  setSlots: (id: number, version: number, reach: Reach, windows: WindowSpec[], override: string) =>
    got(api.PUT('/api/desk/makeup/plans/{makeup_id}/slots', { ...of(id), body: { version, reach, windows, override } })),
  exclude: (id: number, body: { version: number; institution_id?: number; days?: string[]; reason?: string; drop?: number }) =>
    got(api.POST('/api/desk/makeup/plans/{makeup_id}/exclusions', { ...of(id), body })),
  solve: (id: number, body: { version: number; everybody: boolean; preview: boolean; reason: string; override: string }) =>
    got(api.POST('/api/desk/makeup/plans/{makeup_id}/solve', { ...of(id), body })),
  close: (id: number, slot_id: number, body: { version: number; reason: string; override: string; preview: boolean }) =>
    got(
      api.POST('/api/desk/makeup/plans/{makeup_id}/slots/{slot_id}/close', {
        params: { path: { makeup_id: id, slot_id } },
        body,
      }),
    ),
  publish: (id: number, version: number, override: string) =>
    got(api.POST('/api/desk/makeup/plans/{makeup_id}/publish', { ...of(id), body: { version, override } })),
  move: (id: number, body: { version: number; person_ids: number[]; slot_id: number; reason: string; override: string }) =>
    got(api.POST('/api/desk/makeup/plans/{makeup_id}/move', { ...of(id), body })),
  undo: (id: number, body: { version: number; change_id: number; reason: string; override: string }) =>
    got(api.POST('/api/desk/makeup/plans/{makeup_id}/undo', { ...of(id), body })),
  people: (id: number, slot: number, q: string, after: number) =>
    got(
      api.GET('/api/desk/makeup/plans/{makeup_id}/people', {
        params: {
          path: { makeup_id: id },
          query: { ...(slot ? { slot } : {}), ...(q ? { q } : {}), ...(after ? { after: String(after) } : {}) },
        },
      }),
    ),
  asks: (id: number) => got(api.GET('/api/desk/makeup/plans/{makeup_id}/asks', of(id))),
  decideAsk: (ask_id: number, grant: boolean, slot_id: number | null, reason: string, override: string) =>
    got(
      api.POST('/api/desk/makeup/asks/{ask_id}/decide', {
        params: { path: { ask_id } },
        body: { grant, slot_id, reason, override },
      }),
    ),
}

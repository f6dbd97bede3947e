/** Calls about the statistics of a sitting, its scheme, calibration and rescoring. */

import { api, got } from '@shared/api'
import type { AskWhatIf, Propose, SetScheme } from './shapes'

const of = (sitting_id: number) => ({ params: { path: { sitting_id } } })
const ofProposal = (proposal_id: number) => ({ params: { path: { proposal_id } } })

export const statsHttp = {
  sittings: () => got(api.GET('/api/desk/item-statistics')),
  statistics: (id: number) => got(api.GET('/api/desk/sittings/{sitting_id}/statistics', of(id))),
  item: (sitting_id: number, item_id: number, version: number) =>
    got(api.GET('/api/desk/sittings/{sitting_id}/statistics/items/{item_id}', { params: { path: { sitting_id, item_id }, query: { version } } })),
  likeness: (id: number) => got(api.GET('/api/desk/sittings/{sitting_id}/likeness', of(id))),
  scheme: (id: number) => got(api.GET('/api/desk/sittings/{sitting_id}/scheme', of(id))),
  setScheme: (id: number, body: SetScheme) => got(api.PUT('/api/desk/sittings/{sitting_id}/scheme', { ...of(id), body })),
  calibration: (id: number) => got(api.GET('/api/desk/sittings/{sitting_id}/calibration', of(id))),
  calibrate: (id: number) => got(api.POST('/api/desk/sittings/{sitting_id}/calibration', of(id))),
  whatIf: (id: number, body: AskWhatIf) => got(api.POST('/api/desk/sittings/{sitting_id}/what-if', { ...of(id), body })),
  proposals: (sitting: number) => got(api.GET('/api/desk/proposals', { params: { query: { sitting } } })),
  propose: (id: number, body: Propose) => got(api.POST('/api/desk/sittings/{sitting_id}/proposals', { ...of(id), body })),
  proposal: (id: number) => got(api.GET('/api/desk/proposals/{proposal_id}', ofProposal(id))),
  decide: (id: number, body: { approve: boolean; reason: string; loses_released: number }) =>
    got(api.POST('/api/desk/proposals/{proposal_id}/decision', { ...ofProposal(id), body })),
  withdraw: (id: number, reason: string) => got(api.POST('/api/desk/proposals/{proposal_id}/withdraw', { ...ofProposal(id), body: { reason } })),
}

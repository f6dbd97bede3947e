/** Calls about cases. */

import { api, got } from '@shared/api'
import type { Attach, Decide, DecideAppeal } from '../wire'

export interface CaseFilter {
  sitting?: number
  state?: 'open' | 'closed'
}

const ofCase = (caseId: number) => ({ params: { path: { case_id: caseId } } })

export const caseHttp = {
  list: (filter: CaseFilter, before?: number) =>
    got(api.GET('/api/desk/cases', { params: { query: before === undefined ? filter : { ...filter, before } } })),
  one: (caseId: number) => got(api.GET('/api/desk/cases/{case_id}', ofCase(caseId))),
  attach: (caseId: number, body: Attach) =>
    got(api.POST('/api/desk/cases/{case_id}/evidence', { ...ofCase(caseId), body })),
  decide: (caseId: number, body: Decide) =>
    got(api.POST('/api/desk/cases/{case_id}/decision', { ...ofCase(caseId), body })),
  decideAppeal: (caseId: number, body: DecideAppeal) =>
    got(api.POST('/api/desk/cases/{case_id}/appeal-decision', { ...ofCase(caseId), body })),
}

/** Calls about blueprints, sittings and the plans of their papers. */

import { api, got } from '@shared/api'
import type { Asked, Blueprint, BlueprintDetail, MakePlan, SittingBody, SittingDetail } from './shapes'

/** The client's types know no tuples in an answer, and the shares of difficulty are three. */
const whole = <T>(answer: Promise<unknown>): Promise<T> => answer as Promise<T>

const ofBlueprint = (blueprint_id: number) => ({ params: { path: { blueprint_id } } })
const ofSitting = (sitting_id: number) => ({ params: { path: { sitting_id } } })
const ofPlan = (plan_id: number) => ({ params: { path: { plan_id } } })

export const papersHttp = {
  blueprints: () => got(api.GET('/api/desk/blueprints')),
  blueprint: (id: number) => whole<BlueprintDetail>(got(api.GET('/api/desk/blueprints/{blueprint_id}', ofBlueprint(id)))),
  addBlueprint: (name: string, body: Blueprint) => whole<BlueprintDetail>(got(api.POST('/api/desk/blueprints', { body: { name, body } }))),
  saveBlueprint: (id: number, version: number, name: string, body: Blueprint) =>
    whole<BlueprintDetail>(got(api.PUT('/api/desk/blueprints/{blueprint_id}', { ...ofBlueprint(id), body: { version, name, body } }))),
  publishBlueprint: (id: number, version: number) =>
    whole<BlueprintDetail>(got(api.POST('/api/desk/blueprints/{blueprint_id}/publish', { ...ofBlueprint(id), body: { version } }))),
  dropBlueprint: (id: number) => got(api.DELETE('/api/desk/blueprints/{blueprint_id}', ofBlueprint(id))),
  check: (body: Asked) => got(api.POST('/api/desk/blueprints/check', { body })),
  outline: (pool: string) => got(api.GET('/api/desk/blueprints/outline', { params: { query: pool === '' ? {} : { pool } } })),
  sittings: () => got(api.GET('/api/desk/sittings/made')),
  choices: () => got(api.GET('/api/desk/sittings/choices')),
  sitting: (id: number) => whole<SittingDetail>(got(api.GET('/api/desk/sittings/{sitting_id}', ofSitting(id)))),
  addSitting: (body: SittingBody, province: string | null) => whole<SittingDetail>(got(api.POST('/api/desk/sittings', { body: { body, province } }))),
  saveSitting: (id: number, version: number, body: SittingBody) =>
    whole<SittingDetail>(got(api.PUT('/api/desk/sittings/{sitting_id}', { ...ofSitting(id), body: { version, body } }))),
  announce: (id: number, version: number) => whole<SittingDetail>(got(api.POST('/api/desk/sittings/{sitting_id}/announce', { ...ofSitting(id), body: { version } }))),
  dropSitting: (id: number) => got(api.DELETE('/api/desk/sittings/{sitting_id}', ofSitting(id))),
  plans: (id: number) => got(api.GET('/api/desk/sittings/{sitting_id}/plans', ofSitting(id))),
  makePlan: (id: number, body: MakePlan) => got(api.POST('/api/desk/sittings/{sitting_id}/plans', { ...ofSitting(id), body })),
  plan: (id: number) => got(api.GET('/api/desk/plans/{plan_id}', ofPlan(id))),
  approvePlan: (id: number, digest: string, reason: string) => got(api.POST('/api/desk/plans/{plan_id}/approve', { ...ofPlan(id), body: { digest, reason } })),
  dropPlan: (id: number) => got(api.DELETE('/api/desk/plans/{plan_id}', ofPlan(id))),
}

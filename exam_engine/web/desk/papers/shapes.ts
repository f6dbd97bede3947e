/** The words of the server these pages use, by short names (exam_engine/edge/paper_shapes.py). */

import type { components } from '@shared/api.gen'

type Shapes = components['schemas']

export type Asked = Shapes['Asked']
export type Audience = NonNullable<Shapes['Blueprint']['audience']>
export type Blueprint = Shapes['Blueprint']
export type BlueprintDetail = Shapes['BlueprintDetail']
export type BlueprintRow = Shapes['BlueprintRow']
export type Certificate = Shapes['Certificate']
export type Feasibility = Shapes['Feasibility']
export type MakePlan = Shapes['MakePlan']
export type PaperSection = Shapes['PaperSection']
export type PlanDetail = Shapes['PlanDetail']
export type PlanList = Shapes['PlanList']
export type PlanRow = Shapes['PlanRow']
export type PoolOutline = Shapes['PoolOutline']
export type QuotaLine = Shapes['QuotaLine']
export type SittingBody = Shapes['SittingBody']
export type SittingChoices = Shapes['SittingChoices']
export type SittingDetail = Shapes['SittingDetail']
export type SittingRow = Shapes['SittingRow']
export type TopicQuota = Shapes['TopicQuota']
export type Trouble = Shapes['Trouble']

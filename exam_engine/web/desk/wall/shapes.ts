/** What the server says about proctoring, by short names; all from the generated types. */

import type { components } from '@shared/api.gen'

type Shapes = components['schemas']

export type Proctored = Shapes['Proctored']
export type VisionView = Shapes['VisionView']
export type RulePrecision = Shapes['RulePrecision']
export type RoomView = Shapes['RoomView']
export type Watcher = Shapes['Watcher']
export type HandoverView = Shapes['HandoverView']
export type LookOutcome = Shapes['LookOutcome']
export type PictureLinks = Shapes['PictureLinks']
export type CandidateView = Shapes['CandidateView']
export type IncidentRow = Shapes['IncidentRow']
export type CaptureRow = Shapes['CaptureRow']
export type CheckRow = Shapes['CheckRow']
export type SignalRow = Shapes['SignalRow']
export type OpenCase = Shapes['OpenCase']
export type Allegation = Shapes['Allegation']
export type FlagAttempts = Shapes['FlagAttempts']
export type Verdict = 'fine' | 'real'

/** One picture of one attempt: what a link is for. */
export interface PictureKey {
  attempt_id: number
  picture: string
}

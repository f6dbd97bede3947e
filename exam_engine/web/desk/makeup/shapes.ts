/** What the make-up's desk and the server say to each other. */
import type { components } from '@shared/api.gen'

type Schemas = components['schemas']
export type Overview = Schemas['MakeupOverview']
export type Waiting = Schemas['MakeupWaiting']
export type WaitingRow = Schemas['WaitingRow']
export type Plan = Schemas['MakeupPlan']
export type Slot = Schemas['MakeupSlot']
export type PlanWindow = Schemas['MakeupWindow']
export type WindowSpec = Schemas['WindowSpec']
export type SlotSpec = Schemas['SlotSpec']
export type Solved = Schemas['Solved']
export type SolvedPlan = Schemas['SolvedPlan']
export type SeatRow = Schemas['SeatRow']
export type AskRow = Schemas['AskRow']
export type Absence = Schemas['AbsenceRow']
export type Invigilator = Schemas['InvigilatorView']
export type Kind = Schemas['MakeMakeupPlan']['kind']
export type Reach = NonNullable<Schemas['SetSlots']['reach']>

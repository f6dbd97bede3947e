/** The words of the server these pages use, by short names. */

import type { components } from '@shared/api.gen'

type Shapes = components['schemas']

export type PolicyView = Shapes['PolicyView']
export type Policy = Required<Shapes['ProvincePolicy']>
export type Window = Shapes['Window']
export type ExamOrder = Shapes['ExamOrder']
export type RecordLevel = Shapes['RecordLevel']
export type SetPolicy = Shapes['SetPolicy']
export type SittingWindow = Shapes['SittingWindow']
export type MoveWindow = Shapes['MoveWindow']
export type CycleView = Shapes['CycleView']
export type NoticeRow = Shapes['NoticeRow']
export type PublishNotice = Shapes['PublishNotice']
export type Organisation = Shapes['Organisation']
export type AddOrganisation = Shapes['AddOrganisation']
export type ChangeOrganisation = Shapes['ChangeOrganisation']
export type StaffRow = Shapes['StaffRow']
export type AddStaff = Shapes['AddStaff']
export type StaffAdded = Shapes['StaffAdded']
export type Enable = Shapes['Enable']
export type AppAccountRow = Shapes['AppAccountRow']
export type ImportReport = Shapes['ImportReport']
export type RowProblem = Shapes['RowProblem']
export type Statistics = Shapes['Statistics']
export type InstitutionCount = Shapes['InstitutionCount']
export type DayCount = Shapes['DayCount']
export type AuditRow = Shapes['AuditRow']

/** One page of a list; `next`: where the page after it begins. */
export interface Page<Row, Cursor = number> {
  rows: Row[]
  next: Cursor | null
}

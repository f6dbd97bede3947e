/** Short names for what travels with a form (exam_engine/registration/forms.py), and the values of one. */
import type { components } from '@shared/api.gen'

type Schemas = components['schemas']

export type Complaint = Schemas['Complaint']
export type Condition = Schemas['Condition']
export type DocumentView = Schemas['DocumentView']
export type Field = Schemas['Field']
export type FileSaved = Schemas['FileSaved']
export type Form = Schemas['Form']
export type MoveView = Schemas['MoveView']
export type PhotoHints = Schemas['PhotoHints']
export type Section = Schemas['Section']

/** Dates are `YYYY-MM-DD`, files are document ids, rows are values again. */
export type Value = string | number | boolean | number[] | Values[] | null | undefined
export interface Values {
  [code: string]: Value
}

export type FileView = Omit<Schemas['FileView'], 'values'> & { values: Values }
export type ProcedureView = Omit<Schemas['ProcedureView'], 'values'> & { values: Values }
export type Subject = 'profile' | 'evaluation' | 'exemption' | 'deferral' | 'change'

/** What every field of a form needs to know of the whole. */
import type { ComputedRef, InjectionKey } from 'vue'
import type { Complaint, DocumentView, Value, Values } from './shapes'

/** A field said or shown otherwise than its form says: another label, a note, not to be touched, not to be seen. */
export interface Texts {
  label?: string
  note?: string
  lines?: readonly string[]
  disabled?: boolean
  hidden?: boolean
}

export interface FormContext {
  /** The code of the form, for its words. */
  form: ComputedRef<string>
  values: ComputedRef<Values>
  shown: ComputedRef<Record<string, string>>
  documents: ComputedRef<ReadonlyMap<number, DocumentView>>
  texts: ComputedRef<Readonly<Record<string, Texts>>>
  /** Those to be seen at this field now. */
  complaintsAt: (path: string) => Complaint[]
  set: (code: string, value: Value) => void
  enter: (path: string) => void
  leave: (path: string) => void
  added: (document: DocumentView) => void
  freshen: () => Promise<void>
  /** How many uploads are under way; each says so itself. */
  uploading: (more: 1 | -1) => void
}

export const CONTEXT: InjectionKey<FormContext> = Symbol('form')

/** The id of the control of a field, to put the focus there. */
export const idOf = (path: string): string => `f-${path}`

/** The server's endpoints of the registration file, as drafts and pages call them. */
import { api, got, problemFrom } from '@shared/api'
import { Problem } from '@shared/problem'
import type { DraftServer } from './draft'
import type { DocumentView, FileSaved, FileView, PhotoHints, ProcedureView, Subject, Values } from './shapes'

const PATIENCE_MS = 120_000
const at = (subject: Subject) => ({ params: { path: { subject } } })
/** openapi-fetch loses pairs on the way, and a generated type has no word for values of any kind. */
const file = async (answer: Promise<unknown>): Promise<FileView> => (await answer) as FileView
const sent = (version: number, values: Values) => ({ version, values: values as Record<string, never> })
/** What a browser lets a closing page send; more waits on the device for the next page. */
const CLOSING_MAX = 60_000
const keepalive = (closing: boolean, values: Values): boolean =>
  closing && new Blob([JSON.stringify(values)]).size < CLOSING_MAX

export const fileServer = (subject: Subject) => ({
  load: (): Promise<FileView> => file(got(api.GET('/api/application/{subject}', at(subject)))),
  save: (version: number, values: Values, closing: boolean): Promise<FileSaved> =>
    got(
      api.PUT('/api/application/{subject}', {
        ...at(subject),
        body: sent(version, values),
        keepalive: keepalive(closing, values),
      }),
    ),
  submit: (version: number): Promise<FileView> =>
    file(got(api.POST('/api/application/{subject}/submit', { ...at(subject), body: { version } }))),
  withdraw: (version: number): Promise<FileView> =>
    file(got(api.POST('/api/application/{subject}/withdraw', { ...at(subject), body: { version } }))),
})

/** The choice of procedure, with the names a draft knows. */
export type ProcedureStanding = ProcedureView & { computed: Record<string, number>; editable: boolean }

const asDraft = async (answer: Promise<unknown>): Promise<ProcedureStanding> => {
  const view = (await answer) as ProcedureView
  const { years, months } = view
  return { ...view, computed: { years, months }, editable: view.may_choose && !view.simple_refused }
}

export const procedureServer = {
  load: (): Promise<ProcedureStanding> => asDraft(got(api.GET('/api/procedure'))),
  save: (version: number, values: Values, closing: boolean): Promise<FileSaved> =>
    got(api.PUT('/api/procedure', { body: sent(version, values), keepalive: keepalive(closing, values) })),
  choose: (version: number, choice: 'simple' | 'general', values: Values): Promise<ProcedureStanding> =>
    asDraft(got(api.POST('/api/procedure', { body: { ...sent(version, values), choice } }))),
  change: (version: number): Promise<ProcedureStanding> =>
    asDraft(got(api.POST('/api/procedure/change', { body: { version } }))),
} satisfies DraftServer<ProcedureStanding> & Record<string, unknown>

export interface Sending<T> {
  answer: Promise<T>
  abort: () => void
}

/** A file with its progress in percent, which fetch can't tell of. */
function upload<T>(path: string, type: string, file: Blob, progress: (percent: number) => void): Sending<T> {
  const request = new XMLHttpRequest()
  const answer = new Promise<T>((resolve, reject) => {
    request.open('POST', path)
    request.setRequestHeader('X-Exam', '1')
    request.setRequestHeader('Content-Type', type)
    request.responseType = 'json'
    request.timeout = PATIENCE_MS
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(Math.round((event.loaded / event.total) * 100))
    }
    request.onload = () => {
      if (request.status === 200) resolve(request.response as T)
      else reject(problemFrom(request.response, request.status))
    }
    request.onerror = request.ontimeout = request.onabort = () => reject(new Problem('no_network', 0))
  })
  request.send(file)
  return { answer, abort: () => request.abort() }
}

export const uploadDocument = (
  title: string,
  file: Blob,
  progress: (percent: number) => void,
): Sending<DocumentView> =>
  upload(`/api/documents?title=${encodeURIComponent(title)}`, 'application/octet-stream', file, progress)

export const uploadPhoto = (jpeg: Blob, progress: (percent: number) => void): Sending<PhotoHints> =>
  upload('/api/application/photo', 'image/jpeg', jpeg, progress)

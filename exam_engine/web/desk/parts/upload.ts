/** A file on its way to the server, by XMLHttpRequest: fetch does not say how far a body has come. */
import { problemFrom } from '@shared/api'
import { Problem } from '@shared/problem'

export interface Upload<Answer> {
  done: Promise<Answer>
  cancel(): void
}

export type FileType = 'application/octet-stream' | 'application/zip'

/** Send a file. `onSent`: bytes on their way so far. Rejects with a Problem; `upload_cancelled` after `cancel`. */
export function upload<Answer>(path: string, file: Blob, type: FileType, onSent: (bytes: number) => void): Upload<Answer> {
  const request = new XMLHttpRequest()
  const done = new Promise<Answer>((resolve, reject) => {
    request.upload.addEventListener('progress', (event) => onSent(event.loaded))
    request.upload.addEventListener('load', () => onSent(file.size))
    request.addEventListener('load', () => {
      const body = readBody(request.responseText)
      if (request.status >= 200 && request.status < 300 && body !== null) resolve(body as Answer)
      else reject(problemFrom(body, request.status))
    })
    request.addEventListener('error', () => reject(new Problem('no_network', 0)))
    request.addEventListener('abort', () => reject(new Problem('upload_cancelled', -1)))
  })
  request.open('POST', path)
  request.setRequestHeader('X-Exam', '1')
  request.setRequestHeader('Content-Type', type)
  request.send(file)
  return { done, cancel: () => request.abort() }
}

function readBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Whole percent, at most 100. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(100, Math.floor((100 * part) / whole))
}

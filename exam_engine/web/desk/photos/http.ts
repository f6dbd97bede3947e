/** Calls about reference photos. The upload goes by XMLHttpRequest: fetch does not say how far a body has come. */

import { api, got, problemFrom } from '@shared/api'
import { Problem } from '@shared/problem'
import type { PhotoImport } from '../wire'

const IMPORTS = '/api/desk/photos/imports'

export const photoHttp = {
  seeImport: (job: string) => got(api.GET('/api/desk/photos/imports/{job}', { params: { path: { job } } })),
  pending: () => got(api.GET('/api/desk/photos/pending')),
  decide: (photoId: number, approve: boolean, reason: string) =>
    got(
      api.POST('/api/desk/photos/{photo_id}/decision', {
        params: { path: { photo_id: photoId } },
        body: { approve, reason },
      }),
    ),
}

export function photoUrl(photoId: number): string {
  return `/api/desk/photos/${photoId}/picture`
}

export interface Upload {
  done: Promise<PhotoImport>
  cancel(): void
}

/** Send a ZIP. `onSent`: bytes on their way so far. Rejects with a Problem; `upload_cancelled` after `cancel`. */
export function upload(file: Blob, onSent: (bytes: number) => void): Upload {
  const request = new XMLHttpRequest()
  const done = new Promise<PhotoImport>((resolve, reject) => {
    request.upload.addEventListener('progress', (event) => onSent(event.loaded))
    request.addEventListener('load', () => {
      const body = readBody(request.responseText)
      if (request.status >= 200 && request.status < 300 && body !== null) resolve(body as PhotoImport)
      else reject(problemFrom(body, request.status))
    })
    request.addEventListener('error', () => reject(new Problem('no_network', 0)))
    request.addEventListener('abort', () => reject(new Problem('upload_cancelled', -1)))
  })
  request.open('POST', IMPORTS)
  request.setRequestHeader('X-Exam', '1')
  request.setRequestHeader('Content-Type', 'application/zip')
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

/** Calls about reference photos. */

import { api, got } from '@shared/api'
import { type Upload, upload } from '../parts/upload'
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

/** Send a ZIP. */
export function sendPhotos(file: Blob, onSent: (bytes: number) => void): Upload<PhotoImport> {
  return upload(IMPORTS, file, 'application/zip', onSent)
}

/** Calls about reviews. */

import { api, got } from '@shared/api'
import type { paths } from '@shared/api.gen'
import type { DecideReview, ReviewDetail } from '../wire'

export type ReviewQuery = NonNullable<paths['/api/desk/reviews']['get']['parameters']['query']>

const ofFile = (fileId: number) => ({ params: { path: { file_id: fileId } } })

export const reviewHttp = {
  page: (query: ReviewQuery) => got(api.GET('/api/desk/reviews', { params: { query } })),
  counts: () => got(api.GET('/api/desk/reviews/counts')),
  // The client forgets that `only_if` is a pair.
  open: (fileId: number) =>
    got(api.POST('/api/desk/reviews/{file_id}/open', ofFile(fileId))) as Promise<ReviewDetail>,
  decide: (fileId: number, body: DecideReview) =>
    got(api.POST('/api/desk/reviews/{file_id}/decide', { ...ofFile(fileId), body })),
  undo: (fileId: number, version: number, reason: string) =>
    got(api.POST('/api/desk/reviews/{file_id}/undo', { ...ofFile(fileId), body: { version, reason } })),
  reopen: (fileId: number, version: number, reason: string) =>
    got(api.POST('/api/desk/reviews/{file_id}/reopen', { ...ofFile(fileId), body: { version, reason } })),
  close: (fileId: number, version: number, reason: string) =>
    got(api.POST('/api/desk/reviews/{file_id}/close', { ...ofFile(fileId), body: { version, reason } })),
  approveMany: (files: readonly { file_id: number; version: number }[]) =>
    got(api.POST('/api/desk/reviews/approve', { body: { files: [...files] } })),
}

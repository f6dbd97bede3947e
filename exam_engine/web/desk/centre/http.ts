/** Calls about figures. */

import { api, got } from '@shared/api'

export const centreHttp = {
  centre: () => got(api.GET('/api/desk/centre')),
  counts: (sittingId: number) =>
    got(api.GET('/api/desk/sittings/{sitting_id}/counts', { params: { path: { sitting_id: sittingId } } })),
}

/** The call about what is kept. */

import { api, got } from '@shared/api'

export const retentionHttp = {
  retention: () => got(api.GET('/api/desk/retention')),
}

/** Whether this desk is to stay silent; remembered by the browser. */

import { recall, remember } from '@shared/keep'
import { ref, watch } from 'vue'

export const muted = ref(recall('desk_muted') === 'yes')

watch(muted, (now) => remember('desk_muted', now ? 'yes' : 'no'))

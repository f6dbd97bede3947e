/** The title of the sitting on the screen, for the header; empty elsewhere. */

import { ref } from 'vue'

export const headline = ref('')

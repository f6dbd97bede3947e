/** Send a portrait with its progress, which fetch can't tell of. */
import { problemFrom } from '@shared/api'
import { Problem } from '@shared/problem'
import type { Portrait } from '@shared/shapes'

const PATIENCE_MS = 60_000

export function uploadPortrait(
  attempt: number,
  device: string,
  picture: Blob,
  progress: (percent: number) => void,
): Promise<Portrait> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `/api/attempts/${attempt}/portrait?device=${encodeURIComponent(device)}`)
    request.setRequestHeader('X-Exam', '1')
    request.setRequestHeader('Content-Type', 'image/jpeg')
    request.responseType = 'json'
    request.timeout = PATIENCE_MS
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(Math.round((event.loaded / event.total) * 100))
    }
    request.onload = () => {
      if (request.status === 200) resolve(request.response as Portrait)
      else reject(problemFrom(request.response, request.status))
    }
    request.onerror = request.ontimeout = () => reject(new Problem('no_network', 0))
    request.send(picture)
  })
}

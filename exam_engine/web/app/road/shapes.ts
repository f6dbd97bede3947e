/** Short names for what travels on the road from sign-up to the home page. */
import type { components } from '@shared/api.gen'

type Schemas = components['schemas']

export type Certification = Schemas['Certification']
export type CodeSent = Schemas['CodeSent']
export type FileStanding = Schemas['FileStanding']
export type Home = Schemas['Home']
export type HomeStep = Schemas['HomeStep']
export type NamedWindow = Schemas['NamedWindow']
export type Notice = Schemas['Notice']
export type PastCycle = Schemas['PastCycle']
export type Window = Schemas['Window']

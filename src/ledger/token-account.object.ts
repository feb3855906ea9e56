import { DurableObject } from 'cloudflare:workers'

export class TokenAccount extends DurableObject<Env> {}

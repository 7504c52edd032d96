import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto'
import { isStkError, StkError, type TargetContext } from '@santokit/core'
import { jsonBytes, type Document } from '../oci/content.ts'
import type { Descriptor, Image, Referrer } from '../oci/types.ts'
import type { ImageSettings } from '../options.ts'
import { digestOf } from '../registry/digest.ts'
import { provenance, IN_TOTO, SLSA_PROVENANCE, type Origin } from './provenance.ts'
import { referrerOf } from './referrer.ts'

/** The media type of a Sigstore bundle, and the kind of referrer that cosign and policy controllers look for. */
export const SIGSTORE_BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'

/**
 * The image with a signature beside it, if the options ask for one. Made for a release and never for a package: a signature is
 * new each time, and a package is the same each time.
 *
 * @throws StkError STK4125 if there is nothing to sign with. Nothing has been pushed then.
 */
export async function signed(image: Image, origin: Origin, ctx: TargetContext<ImageSettings>): Promise<Image> {
  const { sign: asked } = ctx.options
  if (asked === undefined) return image
  const payload = jsonBytes(provenance(origin))
  const bundle = asked === 'keyless' ? await signKeyless(payload) : await signByKey(payload, asked, ctx)
  return { ...image, referrers: [...image.referrers, signatureReferrer(image.root.descriptor, bundle)] }
}

function signatureReferrer(subject: Descriptor, bundle: Document): Referrer {
  return referrerOf(subject, SIGSTORE_BUNDLE, bundle, {
    'dev.sigstore.bundle.content': 'dsse-envelope', 'dev.sigstore.bundle.predicateType': SLSA_PROVENANCE,
  })
}

/** What is used of `sigstore`; its types are not installed with us. */
interface Sigstore {
  attest(payload: Buffer, payloadType: string): Promise<Document>
}

/** With the identity that CI gives its job: a short-lived certificate, and an entry in the public log. */
async function signKeyless(payload: Uint8Array): Promise<Document> {
  // Behind a variable: it is installed by whoever signs.
  const name = 'sigstore'
  const sigstore = await import(name).catch(() => undefined) as Sigstore | undefined
  if (sigstore === undefined) throw new StkError('STK4125', { why: "`sign: 'keyless'` needs the package sigstore, which is not installed.", fix: 'npm install --save-dev sigstore' })
  try {
    return await sigstore.attest(Buffer.from(payload), IN_TOTO)
  } catch (error) {
    throw new StkError('STK4125', { why: `Sigstore did not sign: ${(error as Error).message}.`, fix: 'In GitHub Actions the job needs permissions: { id-token: write }.', cause: error })
  }
}

/** With a key of one's own: DSSE, and the hash of the public key as a hint for whoever verifies. */
async function signByKey(payload: Uint8Array, { key: reference }: Exclude<NonNullable<ImageSettings['sign']>, 'keyless'>, ctx: TargetContext<ImageSettings>): Promise<Document> {
  const pem = await ctx.credential(reference)
  const key = readKey(pem?.reveal() ?? '')
  const hint = digestOf(createPublicKey(key).export({ type: 'spki', format: 'der' })).slice('sha256:'.length)
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return {
    mediaType: SIGSTORE_BUNDLE,
    verificationMaterial: { publicKey: { hint } },
    dsseEnvelope: {
      payload: Buffer.from(payload).toString('base64'),
      payloadType: IN_TOTO,
      signatures: [{ sig: sign(algorithm, preAuthEncoding(IN_TOTO, payload), key).toString('base64') }],
    },
  }
}

/** What DSSE signs; "Signature Definition" of its protocol. */
export function preAuthEncoding(type: string, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload])
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519' || key.asymmetricKeyType === 'ec') return key
    throw new StkError('STK4125', { why: `\`sign.key\` is a key of type ${key.asymmetricKeyType}.`, fix: 'Take one for ECDSA or Ed25519.' })
  } catch (error) {
    if (isStkError(error)) throw error
    // Its own message may repeat a part of the key.
    throw new StkError('STK4125', { why: '`sign.key` is not a private key in PEM, or it is encrypted.', fix: 'openssl genpkey -algorithm ed25519' })
  }
}

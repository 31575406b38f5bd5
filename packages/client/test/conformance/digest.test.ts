/** Digest computations: those of the RFCs (with erratum 4897), and others for every algorithm and quality. */
import { expect, it } from 'vitest';

import {
  contentHash,
  credentialsHash,
  digestResponse,
  findAlgorithm,
  sessionHash,
  userHash,
} from '../../src/auth/digest/digest-algorithm.ts';
import { chooseChallenge } from '../../src/auth/digest/digest-challenge.ts';
import { DigestSession } from '../../src/auth/digest/digest-session.ts';
import { describeConformance } from './data.ts';

interface Vector {
  readonly name: string;
  readonly alg: string;
  readonly user: string;
  readonly realm: string;
  readonly pw: string;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  readonly nc?: string;
  readonly cnonce?: string;
  readonly qop?: 'auth' | 'auth-int';
  readonly body?: string;
  readonly response: string;
  readonly challenge?: string | null;
}

describeConformance('Digest', (json) => {
  const vectors = json<Vector[]>('digest/vectors.json').map((vector) => [vector.name, vector] as const);

  it.each(vectors)('%s', async (_, vector) => {
    const algorithm = findAlgorithm(vector.alg)!;
    const credentials = credentialsHash(algorithm, vector.user, vector.realm, vector.pw);
    const a1 = algorithm.isSession ? sessionHash(algorithm, credentials, vector.nonce, vector.cnonce!) : credentials;
    const hashed = await contentHash(algorithm, [Buffer.from(vector.body ?? '')]);
    const quality = vector.qop === undefined ? undefined : { name: vector.qop, count: vector.nc!, cnonce: vector.cnonce! };
    const question = { method: vector.method, target: vector.uri, contentHash: hashed };
    expect(digestResponse(algorithm, a1, question, { nonce: vector.nonce, quality })).toBe(vector.response);
  });

  it.each(vectors.filter(([, { challenge }]) => typeof challenge === 'string'))('%s, from challenge to answer', (_, vector) => {
    const challenge = chooseChallenge([vector.challenge!], { algorithms: undefined, quality: 'auth' })!;
    const session = new DigestSession(challenge, { user: vector.user, password: vector.pw, makeNonce: () => vector.cnonce! });
    const answer = session.authorization({ method: vector.method, target: vector.uri, contentHash: undefined });
    expect(answer).toContain(`response="${vector.response}"`);
    const hashedUser = userHash(challenge.algorithm, vector.user, vector.realm);
    expect(answer).toContain(`username="${challenge.userhash ? hashedUser : vector.user}"`);
    expect(answer.includes('qop=auth, nc=00000001')).toBe(vector.qop !== undefined);
  });
});

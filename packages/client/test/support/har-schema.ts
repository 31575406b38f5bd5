/** HAR 1.2 as its specification has it. What is ours begins with an underscore; anything else that is not in it is a mistake. */
import { z } from 'zod';

const count = z.number().int().min(-1);
const milliseconds = z.number().min(-1);

function record<Shape extends z.ZodRawShape>(shape: Shape): z.ZodType {
  const known = new Set([...Object.keys(shape), 'comment']);
  return z
    .looseObject(shape)
    .refine((value) => Object.keys(value).every((name) => name.startsWith('_') || known.has(name)), 'a member that HAR does not have');
}

const pair = record({ name: z.string(), value: z.string() });
const cookie = record({
  name: z.string(),
  value: z.string(),
  path: z.string().optional(),
  domain: z.string().optional(),
  expires: z.iso.datetime().optional(),
  httpOnly: z.boolean().optional(),
  secure: z.boolean().optional(),
});

export const harSchema: z.ZodType = record({
  log: record({
    version: z.literal('1.2'),
    creator: record({ name: z.string(), version: z.string() }),
    entries: z.array(
      record({
        startedDateTime: z.iso.datetime(),
        time: z.number().min(0),
        request: record({
          method: z.string(),
          url: z.url(),
          httpVersion: z.string(),
          cookies: z.array(cookie),
          headers: z.array(pair),
          queryString: z.array(pair),
          postData: record({ mimeType: z.string(), params: z.array(pair).optional(), text: z.string() }).optional(),
          headersSize: count,
          bodySize: count,
        }),
        response: record({
          status: z.number().int().min(0),
          statusText: z.string(),
          httpVersion: z.string(),
          cookies: z.array(cookie),
          headers: z.array(pair),
          content: record({
            size: count,
            compression: z.number().int().optional(),
            mimeType: z.string(),
            text: z.string().optional(),
            encoding: z.literal('base64').optional(),
          }),
          redirectURL: z.string(),
          headersSize: count,
          bodySize: count,
        }),
        cache: record({}),
        timings: record({
          blocked: milliseconds,
          dns: milliseconds,
          connect: milliseconds,
          send: z.number().min(0),
          wait: z.number().min(0),
          receive: z.number().min(0),
          ssl: milliseconds,
        }),
        serverIPAddress: z.string().optional(),
        connection: z.string().optional(),
      }),
    ),
  }),
});

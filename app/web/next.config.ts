import { join } from 'node:path'
import type { NextConfig } from 'next'

/** The content security policy is each page's own: see security/policy.ts. */
const securityHeaders = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=()' },
]

const config: NextConfig = {
  output: 'standalone',
  outputFileTracingRoot: join(import.meta.dirname, '../..'),
  cacheComponents: true,
  // `'use cache: remote'`: one Redis for all web processes.
  cacheHandlers: { remote: join(import.meta.dirname, 'cache/handler.ts') },
  reactStrictMode: true,
  poweredByHeader: false,
  // The edge compresses.
  compress: false,
  transpilePackages: ['@worklane/api', '@worklane/data', '@worklane/domain'],
  serverExternalPackages: [
    '@aws-sdk/client-s3',
    '@aws-sdk/s3-presigned-post',
    '@aws-sdk/s3-request-presigner',
    '@node-rs/argon2',
    'pg',
    'ioredis',
    'bullmq',
    'pino',
    'prom-client',
    '@prisma/client',
    '@prisma/adapter-pg',
  ],
  // `pnpm test types` checks them, with a compiler that Next cannot use yet.
  typescript: { ignoreBuildErrors: true },
  headers: async () => [{ source: '/:path*', headers: securityHeaders }],
}

export default config

import {
  headersOfKey,
  publicPages,
  secretParameter,
  sessionCookie,
  staticFiles,
  variableOf,
} from './cache-rules.ts'

export type Edge = {
  /** Address and port. */
  listen: string
  /** The run's own directory: pid, temporary files, logs and cache, so that no privilege is needed. */
  directory: string
  /** The web build's `static` folder, with a .gz and a .br beside each text file. */
  staticDirectory: string | null
  /** Each with its port. */
  web: string[]
  api: string[]
  /** The object store behind the edge, and the bucket of Worklane's files; null for one that browsers reach themselves. */
  store: { address: string; bucket: string } | null
  /**
   * Networks of those who stand in front of it, such as a load balancer: what they say of the caller's address and
   * of https is believed, and of nobody else. None: it is reached at once.
   */
  trustedProxies?: string[]
  mimeTypes: string
  /** False only as a known-bad case. */
  compress: boolean
}

/**
 * The single origin, as nginx.conf: static files from disk, the API and the pages by upstream, compression,
 * and a request id from here to the database's log. Stands where a CDN stands in production.
 */
export function nginxConfiguration(edge: Edge): string {
  return `
pid ${quoted(edge.directory, 'nginx.pid')};
error_log stderr warn;
daemon off;
worker_processes 1;
events { worker_connections 16384; multi_accept on; }
http {
  include ${quoted(edge.mimeTypes)};
  default_type application/octet-stream;
  access_log off;
  server_tokens off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 120s;
  keepalive_requests 100000;
  client_max_body_size 2m;
  client_body_temp_path ${quoted(edge.directory, 'body')};
  proxy_temp_path ${quoted(edge.directory, 'proxy')};
  fastcgi_temp_path ${quoted(edge.directory, 'fastcgi')};
  uwsgi_temp_path ${quoted(edge.directory, 'uwsgi')};
  scgi_temp_path ${quoted(edge.directory, 'scgi')};
  proxy_cache_path ${quoted(edge.directory, 'cache')} keys_zone=pages:4m max_size=64m inactive=10m use_temp_path=off;

  gzip ${edge.compress ? 'on' : 'off'};
  gzip_comp_level 4;
  gzip_min_length 600;
  gzip_proxied any;
  gzip_vary on;
  gzip_types text/css text/plain text/x-component application/javascript application/json application/problem+json image/svg+xml;

  upstream web { ${servers(edge.web)} keepalive 64; keepalive_timeout 60s; }
  upstream api { ${servers(edge.api)} keepalive 64; keepalive_timeout 60s; }

  # How a file's name goes on that is packed as the caller takes it; below a file there is nothing.
  map $http_accept_encoding $packed_by_brotli {
    "~(^|[ ,])br;q=0(\\.0*)?($|[ ,])" /none;
    "~(^|[ ,])br($|[ ,;])" .br;
    default /none;
  }

  geo $dollar { default "$"; }

  # Set for whoever is signed in, empty for the public.
  map $http_cookie $session {
    "~${sessionCookie.replaceAll('.', '\\.')}" 1;
    default "";
  }
${proxies(edge)}

  server {
    listen ${edge.listen} backlog=4096;
    server_name _;

    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    # Never the caller's: the audit log keeps it for ever.
    proxy_set_header X-Request-Id $request_id;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Proto $caller_scheme;
    # Only Next itself may set these.
    proxy_set_header X-Middleware-Subrequest "";
    proxy_connect_timeout 3s;
    proxy_read_timeout 60s;
    proxy_buffers 16 16k;
    proxy_buffer_size 16k;
    proxy_next_upstream error timeout;
    add_header X-Request-Id $request_id always;
    # Over one that Node does not know it ends the connection, without a word.
    if ($request_method !~ "^(${methods.join('|')})$") { return 405; }
    ${errorPages(refusals.filter(({ status }) => status < 500))}

    location = /edge-health { add_header Content-Type text/plain; return 200 "ok"; }
    # The processes' own health and figures are not for the public.
    location = /metrics { return 404; }

    # Server-sent events: each at once, and silence between them is no fault.
    location ~ ^/v1/projects/[^/]+/events$ {
      proxy_buffering off;
      proxy_read_timeout 1h;
      ${errorPages(refusals)}
      proxy_pass http://api;
    }
${storeLocation(edge)}
    location ~ ^/(v1/|trpc/|openapi\\.json$|webhooks/) {
      ${errorPages(refusals)}
      proxy_pass http://api;
    }
    ${refusals.map(refusalLocation).join('\n    ')}
${staticLocation(edge)}
    location ~ ${publicPages} {
      proxy_cache pages;
      proxy_cache_key "${['$request_uri', ...headersOfKey.map(variableOf)].join('|')}";
      # Who has a session is asked for at Next, and what they get is kept for nobody. Upstream's Cache-Control
      # decides on the rest; nginx itself keeps no answer that sets a cookie or is private.
      # So is a link that was mailed: its token signs somebody in, and would stand on the disk, in the page's key.
      proxy_cache_bypass $session $arg_${secretParameter};
      proxy_no_cache $session $arg_${secretParameter};
      proxy_cache_lock on;
      proxy_cache_use_stale error timeout updating http_500 http_502 http_503;
      proxy_cache_background_update on;
      add_header X-Cache $upstream_cache_status always;
      add_header X-Request-Id $request_id always;
      proxy_pass http://web;
    }
    # A page's shell comes at once and its data later: what is buffered waits in gzip for the rest of the page.
    location / {
      proxy_buffering off;
      proxy_pass http://web;
    }
  }
}
`.trimStart()
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

type EdgeRefusal = { status: number; nginx?: number; title: string; detail: string }

/**
 * What the edge itself refuses, before it knows for whom the request is, and for the API that it is away: in the
 * API's own words (RFC 9457).
 */
const refusals: EdgeRefusal[] = [
  {
    status: 400,
    title: 'The input is not valid',
    detail: 'the request is not HTTP, or its path is not encoded as a URL',
  },
  { status: 405, title: 'Method not allowed', detail: 'no address takes this method' },
  { status: 413, title: 'The body is too large', detail: 'the body must be at most 1 MB' },
  { status: 414, title: 'The address is too long', detail: 'the path and query must be at most 8 kB' },
  // nginx has a number of its own for it.
  { status: 431, nginx: 494, title: 'The headers are too large', detail: 'a header must be at most 8 kB' },
  {
    status: 502,
    title: 'Not available for a moment',
    detail: 'The API cannot be reached at the moment. Try again.',
  },
  { status: 504, title: 'Not available for a moment', detail: 'The API did not answer in time. Try again.' },
]

const errorPages = (all: EdgeRefusal[]) =>
  all.map(({ status, nginx = status }) => `error_page ${nginx} =${status} /_refused/${status};`).join(' ')

function refusalLocation({ status, title, detail }: EdgeRefusal): string {
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, requestId: '$request_id' })
  // An address and no name: a request whose own could not be read cannot be led to a name.
  return `location = /_refused/${status} {
      internal;
      default_type application/problem+json;
      add_header X-Request-Id $request_id always;
      add_header X-Content-Type-Options nosniff always;
      add_header Content-Security-Policy "default-src 'none'; frame-ancestors 'none'" always;${status === 405 ? `\n      add_header Allow "${methods.join(', ')}" always;` : ''}
      return ${status} '${body}';
    }`
}

/** A path below a directory, which may hold spaces and quotes. */
const quoted = (...parts: string[]) => `"${parts.join('/').replaceAll(/[\\"]/g, '\\$&')}"`

/** The same where nginx looks for variables, of which it has no other way to write a dollar. */
const aliasOf = (directory: string, rest = '') => quoted(directory.replaceAll('$', '$${dollar}'), rest)

const servers = (addresses: string[]) =>
  addresses.map((address) => `server ${address} max_fails=0;`).join(' ')

/** Who the caller is, and whether they came by https: as the last of ours says who stands in front. */
function proxies({ trustedProxies = [] }: Edge): string {
  if (trustedProxies.length === 0) return '  map $scheme $caller_scheme { default $scheme; }'
  return `
  # Of several in a row the last that is none of ours: what stands before it anybody may have written.
  ${trustedProxies.map((network) => `set_real_ip_from ${network};`).join(' ')}
  real_ip_header X-Forwarded-For;
  real_ip_recursive on;
  geo $realip_remote_addr $is_proxy { default 0; ${trustedProxies.map((network) => `${network} 1;`).join(' ')} }
  map "$is_proxy $http_x_forwarded_proto" $caller_scheme { "1 https" https; default $scheme; }`
}

/**
 * Files go from the browser to the object store and back by links that are signed, the address with them: it is passed
 * on as it is. What people uploaded is never a page of ours, whatever it holds.
 */
function storeLocation({ store }: Edge): string {
  if (store === null) return ''
  return `
    location ~ ^/${store.bucket}(/|$) {
      # A whole small file, or a part of a large one, with what a form has around it.
      client_max_body_size 20m;
      # Handed on once it is here whole: of one that breaks off on its way the store must see nothing (decision 045).
      proxy_request_buffering on;
      proxy_max_temp_file_size 0;
      proxy_next_upstream off;
      proxy_read_timeout 5m;
      gzip off;
      # It is signed in: by the link, and by nothing else that the browser has.
      proxy_set_header Cookie "";
      proxy_set_header Authorization "";
      proxy_set_header Host $http_host;
      proxy_hide_header Server;
      add_header X-Request-Id $request_id always;
      add_header X-Content-Type-Options nosniff always;
      add_header Referrer-Policy no-referrer always;
      add_header Content-Security-Policy "default-src 'none'; sandbox; frame-ancestors 'none'" always;
      proxy_pass http://${store.address};
    }`
}

/** Packed when the app was built: by Brotli, a seventh smaller, for whoever takes it, or by gzip. */
function staticLocation({ staticDirectory, compress }: Edge): string {
  if (staticDirectory === null) return ''
  const forEver = `add_header Cache-Control "${staticFiles.cacheControl}";`
  if (!compress) return `    location ${staticFiles.path} { alias ${aliasOf(staticDirectory)}; ${forEver} }`
  return `    location ${staticFiles.path} {
      if (-f $request_filename$packed_by_brotli) { rewrite ^/_next/static/(.+)$ /_brotli/$1 last; }
      alias ${aliasOf(staticDirectory)};
      gzip_static on;
      ${forEver}
    }
    location ~ ^/_brotli/(.+)$ {
      internal;
      alias ${aliasOf(staticDirectory, '$1.br')};
      gzip off;
      add_header Content-Encoding br;
      add_header Vary Accept-Encoding;
      ${forEver}
    }`
}

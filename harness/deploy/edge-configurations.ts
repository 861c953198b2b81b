import { type Edge, nginxConfiguration } from '@worklane/edge/nginx.ts'

/** As the image of the edge has it (deploy/Dockerfile), with what compose.yaml and the cluster call the others. */
const inAnImage: Edge = {
  listen: '0.0.0.0:8080',
  directory: '/tmp',
  staticDirectory: '/srv/static',
  web: ['web:3000'],
  api: ['api:4000'],
  store: null,
  mimeTypes: '/etc/nginx/mime.types',
  compress: true,
}

/** Of RFC 1918: where load balancers and ingress controllers are, and no caller from outside. */
const privateNetworks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']

const store = { address: 'store:7070', bucket: 'worklane-files' }

const note = '# Made by `pnpm generate` from app/edge/nginx.ts.\n'

/** nginx.conf for each way to deploy, by its file. */
export const edgeConfigurations: Record<string, string> = {
  'deploy/generated/nginx.conf': note + nginxConfiguration({ ...inAnImage, store }),
  'deploy/generated/nginx-behind-proxy.conf':
    note + nginxConfiguration({ ...inAnImage, store, trustedProxies: privateNetworks }),
  'deploy/kubernetes/base/generated/nginx.conf':
    note + nginxConfiguration({ ...inAnImage, trustedProxies: privateNetworks }),
}

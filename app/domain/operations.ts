import { listActivity } from './activity/operations.ts'
import { createApiKey, listApiKeys, revokeApiKey } from './api-keys/operations.ts'
import { listAudit } from './audit/operations.ts'
import { changePlan, undoChange } from './billing/change.ts'
import { openPortal, startCheckout, syncBilling } from './billing/checkout.ts'
import { cancelSubscription, resumeSubscription } from './billing/ending.ts'
import { getBilling, listInvoices } from './billing/operations.ts'
import { previewChange } from './billing/preview.ts'
import { createComment, listComments, removeComment, updateComment } from './comments/operations.ts'
import { getDashboard } from './dashboard/operations.ts'
import { getPreferences, updatePreferences } from './digests/operations.ts'
import { cancelExport, createExport, getExport, linkExport, listExports } from './exports/operations.ts'
import { linkFile, listFiles, removeFile } from './files/operations.ts'
import { completeUpload, createUpload, nextParts } from './files/uploads.ts'
import { createFilter, listFilters, removeFilter } from './filters/operations.ts'
import { applyImport, checkImport, getImport, listImports } from './imports/operations.ts'
import { createInvitation, listInvitations, revokeInvitation } from './invitations/operations.ts'
import { createLabel, getLabel, listLabels, removeLabel, updateLabel } from './labels/operations.ts'
import { exportMe } from './me/export.ts'
import { getMe, setPassword, updateMe } from './me/operations.ts'
import { removeMe } from './me/remove.ts'
import { getMember, listMembers, removeMember, setRole } from './members/operations.ts'
import {
  countNotifications,
  listNotifications,
  readAllNotifications,
  readNotification,
} from './notifications/operations.ts'
import type { AnyOperation } from './operation.ts'
import { exportOrganisation } from './organisations/export.ts'
import {
  createOrganisation,
  getOrganisation,
  leaveOrganisation,
  listOrganisations,
  removeOrganisation,
  transferOrganisation,
  updateOrganisation,
} from './organisations/operations.ts'
import { completeAvatar, getAvatar, removeAvatar, uploadAvatar } from './pictures/avatar.ts'
import { completeLogo, getLogo, removeLogo, uploadLogo } from './pictures/logo.ts'
import { getBoard } from './projects/board.ts'
import {
  createProject,
  getProject,
  listProjects,
  removeProject,
  updateProject,
} from './projects/operations.ts'
import { getReport } from './reports/operations.ts'
import { search } from './search/operations.ts'
import { listSessions, revokeOneSession, revokeOtherSessions } from './sessions/operations.ts'
import { findTasks, getTask, listTasks } from './tasks/reads.ts'
import { createTask, moveTask, removeTask, updateTask } from './tasks/writes.ts'
import { getDelivery, listDeliveries, resendDelivery, testWebhook } from './webhooks/deliveries.ts'
import {
  createWebhook,
  getWebhook,
  listWebhooks,
  removeWebhook,
  rotateSecret,
  updateWebhook,
} from './webhooks/endpoints.ts'

/** Everything that a user can do, by name. REST, OpenAPI and tRPC are made from this list. */
export const operations = {
  'me.get': getMe,
  'me.update': updateMe,
  'me.setPassword': setPassword,
  'me.export': exportMe,
  'me.remove': removeMe,
  'avatar.get': getAvatar,
  'avatar.upload': uploadAvatar,
  'avatar.complete': completeAvatar,
  'avatar.remove': removeAvatar,
  'session.list': listSessions,
  'session.revoke': revokeOneSession,
  'session.revokeOthers': revokeOtherSessions,
  'organisation.list': listOrganisations,
  'organisation.create': createOrganisation,
  'organisation.get': getOrganisation,
  'organisation.update': updateOrganisation,
  'organisation.transfer': transferOrganisation,
  'organisation.leave': leaveOrganisation,
  'organisation.export': exportOrganisation,
  'organisation.remove': removeOrganisation,
  'logo.get': getLogo,
  'logo.upload': uploadLogo,
  'logo.complete': completeLogo,
  'logo.remove': removeLogo,
  'member.list': listMembers,
  'member.get': getMember,
  'member.setRole': setRole,
  'member.remove': removeMember,
  'invitation.list': listInvitations,
  'invitation.create': createInvitation,
  'invitation.revoke': revokeInvitation,
  'project.list': listProjects,
  'project.get': getProject,
  'project.create': createProject,
  'project.update': updateProject,
  'project.remove': removeProject,
  'board.get': getBoard,
  'task.list': listTasks,
  'task.find': findTasks,
  'task.get': getTask,
  'task.activity': listActivity,
  'task.create': createTask,
  'task.update': updateTask,
  'task.move': moveTask,
  'task.remove': removeTask,
  'label.list': listLabels,
  'label.get': getLabel,
  'label.create': createLabel,
  'label.update': updateLabel,
  'label.remove': removeLabel,
  'comment.list': listComments,
  'comment.create': createComment,
  'comment.update': updateComment,
  'comment.remove': removeComment,
  'file.list': listFiles,
  'file.link': linkFile,
  'file.remove': removeFile,
  'upload.create': createUpload,
  'upload.parts': nextParts,
  'upload.complete': completeUpload,
  'export.list': listExports,
  'export.get': getExport,
  'export.link': linkExport,
  'export.create': createExport,
  'export.cancel': cancelExport,
  'import.list': listImports,
  'import.get': getImport,
  'import.check': checkImport,
  'import.apply': applyImport,
  'filter.list': listFilters,
  'filter.create': createFilter,
  'filter.remove': removeFilter,
  'notification.list': listNotifications,
  'notification.count': countNotifications,
  'notification.read': readNotification,
  'notification.readAll': readAllNotifications,
  'notification.preferences': getPreferences,
  'notification.updatePreferences': updatePreferences,
  'search.find': search,
  'dashboard.get': getDashboard,
  'report.get': getReport,
  'apiKey.list': listApiKeys,
  'apiKey.create': createApiKey,
  'apiKey.revoke': revokeApiKey,
  'webhook.list': listWebhooks,
  'webhook.get': getWebhook,
  'webhook.create': createWebhook,
  'webhook.update': updateWebhook,
  'webhook.remove': removeWebhook,
  'webhook.rotateSecret': rotateSecret,
  'webhook.test': testWebhook,
  'webhook.deliveries': listDeliveries,
  'webhook.delivery': getDelivery,
  'webhook.resend': resendDelivery,
  'billing.get': getBilling,
  'billing.checkout': startCheckout,
  'billing.portal': openPortal,
  'billing.sync': syncBilling,
  'billing.preview': previewChange,
  'billing.change': changePlan,
  'billing.undoChange': undoChange,
  'billing.cancel': cancelSubscription,
  'billing.resume': resumeSubscription,
  'invoice.list': listInvoices,
  'audit.list': listAudit,
} as const

export type Operations = typeof operations

export const operationList = Object.values(operations) as unknown as AnyOperation[]

/**
 * Who is written to of what concerns an organisation ($1) as a whole: owners and admins. Whose address is not proved gets
 * no mail, since it may be a stranger's.
 */
export const writtenAdmins = `memberships m join users u on u.id = m.user_id
  where m.org_id = $1::uuid and m.role in ('owner', 'admin') and u.email_verified is not null`

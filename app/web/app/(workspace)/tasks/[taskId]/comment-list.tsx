import { type Actor, mayAct } from '@worklane/domain/actor.ts'
import type { Comment } from '@worklane/domain/comments/operations.ts'
import Link from 'next/link'
import { Markdown } from '#web/components/markdown.tsx'
import { Avatar } from '#web/components/person.tsx'
import { ago, type Clock } from '#web/lib/format.ts'
import { work } from '#web/texts/work.ts'
import { CommentFiles } from './files/comment-files.tsx'
import { RemoveComment } from './remove-comment.tsx'

type Props = {
  actor: Actor
  task: string
  page: { items: Comment[]; nextCursor: string | null }
  clock: Clock
}

export function CommentList({ actor, task, page, clock }: Props) {
  return (
    <>
      <ol className="divide-y">
        {page.items.map((comment) => {
          const name = comment.author?.name ?? work.activity.left
          const mayRemove = comment.author?.id === actor.userId || mayAct(actor, 'manager')
          return (
            <li key={comment.id} className="drawn-when-near-24 flex gap-3 px-4 py-3.5">
              <Avatar name={name} picture={comment.author?.avatar} shape="size-7 rounded-full" />
              <div className="min-w-0 flex-1">
                <p className="mb-1 flex items-baseline gap-2 text-sm">
                  <span className="font-semibold">{name}</span>
                  <time dateTime={comment.createdAt} className="text-xs text-muted">
                    {ago(comment.createdAt, clock)}
                    {comment.editedAt ? `, ${work.comments.edited}` : ''}
                  </time>
                  {mayRemove ? <RemoveComment commentId={comment.id} /> : null}
                </p>
                <Markdown text={comment.body} />
                {comment.files.length > 0 ? <CommentFiles files={comment.files} /> : null}
              </div>
            </li>
          )
        })}
      </ol>
      {page.nextCursor ? (
        <Link
          href={`/tasks/${task}?comments=${encodeURIComponent(page.nextCursor)}`}
          prefetch={false}
          className="block border-t px-4 py-3 text-sm text-accent-text hover:underline"
        >
          {work.comments.older}
        </Link>
      ) : null}
    </>
  )
}

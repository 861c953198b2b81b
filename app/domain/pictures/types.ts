import { fileTypes, kindOf, typeOfName } from '../files/types.ts'

/** Of the picture that is posted; what is shown is a small square of it. Bytes. */
export const largestPicture = 2 * 1024 ** 2

/** Every end of a name that a picture can have, as an input of a form takes it: `.png,.jpg,…`. */
export const pictureNames = Object.values(fileTypes)
  .filter(({ kind }) => kind === 'picture')
  .flatMap(({ extensions }) => extensions.map((end) => `.${end}`))
  .join(',')

/** The type of a picture of this name; null where it is none. */
export function typeOfPicture(name: string): string | null {
  const type = typeOfName(name)
  return type !== null && kindOf(type) === 'picture' ? type : null
}

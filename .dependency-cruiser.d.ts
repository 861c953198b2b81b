/** Room → those that it may import. */
export const mayImport: Record<string, string[]>
/** Folders of `harness/`, from the ground up. */
export const floors: string[]

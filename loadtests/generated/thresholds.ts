export const thresholds: Record<string, string[]> = {}

/** An amount in minor units, as people write it: "€8", "€8.50". */
export function moneyInWords(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', {
    ...{ style: 'currency', currency },
    trailingZeroDisplay: 'stripIfInteger',
  })
  const { maximumFractionDigits = 2 } = format.resolvedOptions()
  return format.format(amount / 10 ** maximumFractionDigits)
}

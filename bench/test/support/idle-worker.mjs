// Answers, and has done nothing for it.

process.once('message', () => process.send?.('idle'))
process.once('disconnect', () => process.exit())

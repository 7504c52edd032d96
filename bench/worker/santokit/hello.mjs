const params = { '~standard': { version: 1, vendor: 'bench', validate: (value) => typeof value.name === 'string' && value.name.length <= 100 ? { value } : { issues: [{ message: 'must be a string', path: ['name'] }] } } }

export default { params, handler: ({ params: { name } }) => ({ hello: name }) }

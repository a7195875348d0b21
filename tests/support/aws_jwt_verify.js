// Judges each token as a back end in Node would: reads {issuer, audience, jwks, cases} and answers one word a case.
const { JwtVerifier } = require("aws-jwt-verify");

const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk));
process.stdin.on("end", () => {
  const { issuer, audience, jwks, cases } = JSON.parse(Buffer.concat(chunks).toString());
  const answers = cases.map(({ token, scope }) => {
    const verifier = JwtVerifier.create({ issuer, audience, scope, jwksUri: `${issuer}/.well-known/jwks.json` });
    verifier.cacheJwks(jwks);
    try {
      return { accepted: verifier.verifySync(token).sub };
    } catch (error) {
      return { refused: error.constructor.name };
    }
  });
  process.stdout.write(JSON.stringify(answers));
});

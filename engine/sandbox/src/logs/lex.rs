//! The words of a query: words, quoted text, signs. Knows no meaning.

/// A word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Bare: `error`, `5m`, `kubernetes.pod`.
    Word(String),
    /// In quotes, without them.
    Quoted(String),
    /// One sign.
    Sign(char),
}

/// Signs that end a bare word.
const SIGNS: &str = "(){}[]|:,=!~*<>";

/// The words of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(sign) = rest.next() {
        match sign {
            _ if sign.is_whitespace() => {}
            '"' | '\'' | '`' => tokens.push(Token::Quoted(quoted(sign, &mut rest)?)),
            // A minus is a sign only before a word; inside it belongs to it.
            '-' => tokens.push(Token::Sign('-')),
            _ if SIGNS.contains(sign) => tokens.push(Token::Sign(sign)),
            _ => {
                let mut word = String::from(sign);
                while let Some(more) = rest.next_if(|next| !next.is_whitespace() && !SIGNS.contains(*next)) {
                    word.push(more);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

fn quoted(quote: char, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let mut text = String::new();
    while let Some(sign) = rest.next() {
        match sign {
            _ if sign == quote => return Ok(text),
            '\\' if quote != '`' => match rest.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(escaped) => text.push(escaped),
                None => break,
            },
            _ => text.push(sign),
        }
    }
    Err(format!("the text that begins with {quote}{text} has no end"))
}

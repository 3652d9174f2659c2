//! Money: an amount, its currency, and for running costs the time it is paid for.

use std::fmt;

use super::{
    Cursor, Scalar, ScalarError, from_str, nearest,
    number::{self, Decimal},
};

/// The currencies in circulation by their ISO 4217 codes (as of 2026-01), in order.
const CURRENCIES: [&str; 155] = [
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF",
    "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN",
    "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD",
    "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES",
    "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL",
    "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN",
    "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP",
    "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK",
    "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT",
    "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES",
    "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
];

/// A currency by its ISO 4217 code: `USD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(&'static str);

impl Currency {
    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Scalar for Currency {
    fn about() -> String {
        "a currency such as `USD`".to_owned()
    }

    fn example() -> String {
        "USD".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = *cursor;
        let code = cursor.take_while(|c| c.is_ascii_alphanumeric());
        if let Ok(index) = CURRENCIES.binary_search(&code) {
            return Ok(Self(CURRENCIES[index]));
        }
        let error = start.wanted(Self::about());
        let upper = code.to_ascii_uppercase();
        Err(match nearest(&upper, CURRENCIES.iter().copied()) {
            Some(near) if !code.is_empty() => error.hint(format!("did you mean `{near}`?")),
            _ => error.hint("a three-letter code of ISO 4217"),
        })
    }

    fn fragment() -> String {
        format!("(?:{})", CURRENCIES.join("|"))
    }
}

/// What a running amount of money is paid per.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MoneyPer {
    /// `/h`
    Hour,
    /// `/day`
    Day,
    /// `/month`
    Month,
    /// `/year`
    Year,
}

const PERS: [(&str, MoneyPer); 4] = [
    ("/h", MoneyPer::Hour),
    ("/day", MoneyPer::Day),
    ("/month", MoneyPer::Month),
    ("/year", MoneyPer::Year),
];

/// An amount of money: `31 USD`, `1.9k USD/month`. Amounts compare only within one currency and time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Money {
    /// The number before the currency: bounded, not negative.
    amount: f64,
    /// In which currency.
    pub currency: Currency,
    /// Per which time, for running costs.
    pub per: Option<MoneyPer>,
}

impl Money {
    /// `None` unless `amount` is zero or between 1e-15 and 1e20.
    pub fn new(amount: f64, currency: Currency, per: Option<MoneyPer>) -> Option<Self> {
        number::is_bounded(amount).then_some(Self {
            amount: amount.abs(),
            currency,
            per,
        })
    }

    /// The number before the currency.
    pub fn amount(self) -> f64 {
        self.amount
    }
}

impl PartialOrd for Money {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        let alike = self.currency == other.currency && self.per == other.per;
        if alike {
            self.amount.partial_cmp(&other.amount)
        } else {
            None
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", number::short(self.amount), self.currency)?;
        match self.per {
            Some(per) => f.write_str(PERS[per as usize].0),
            None => Ok(()),
        }
    }
}

impl Scalar for Money {
    fn about() -> String {
        "an amount of money such as `31 USD` or `1.9k USD/month`".to_owned()
    }

    fn example() -> String {
        "31 USD".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let about = Self::about();
        let decimal = Decimal::number(cursor, &about)?;
        let amount = decimal.to_f64(0, cursor, &about)?;
        if !cursor.eat(" ") {
            let range = decimal.start()..cursor.word_range().end;
            return Err(ScalarError::form(range, about).hint(format!(
                "money carries its currency: `{} USD`",
                decimal.text()
            )));
        }
        let currency = Currency::read(cursor)?;
        let mut per = None;
        if cursor.rest().starts_with('/') {
            let rest = &cursor.rest()[1..];
            let length = rest
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(rest.len());
            let unit = PERS.iter().find(|(name, _)| name[1..] == rest[..length]);
            let Some(&(name, unit)) = unit else {
                return Err(cursor
                    .wanted(about)
                    .hint("money is per h, day, month or year"));
            };
            cursor.eat(name);
            per = Some(unit);
        }
        Ok(Self {
            amount,
            currency,
            per,
        })
    }

    fn fragment() -> String {
        format!(
            "{} {}(?:/(?:h|day|month|year))?",
            number::FRAGMENT,
            Currency::fragment()
        )
    }
}

from_str!(Currency, Money);

#[cfg(test)]
mod tests {
    use super::CURRENCIES;

    /// Codes are found by binary search, so their order is load-bearing.
    #[test]
    fn currencies_are_in_order() {
        assert!(CURRENCIES.is_sorted_by(|a, b| a < b));
    }
}

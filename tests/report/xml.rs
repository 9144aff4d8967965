//! Whether a page is what it should be: XML but for its few empty elements, and nothing outside it.

use serde_json::Value;

/// The parts of the page that are XML.
fn drawings(page: &str) -> Vec<&str> {
    let starts = page.match_indices("<svg").map(|(at, _)| at);
    starts.map(|at| &page[at..at + page[at..].find("</svg>").expect("an end") + "</svg>".len()]).collect()
}

/// The page as XML: elements without an end get one, text of scripts and styles is left out.
fn as_xml(page: &str) -> String {
    let mut xml = String::new();
    let mut rest = page.split_once("<html").map(|(_, rest)| format!("<html{rest}")).expect("a page");
    for name in ["style", "script"] {
        let mut kept = String::new();
        while let Some((before, after)) = rest.split_once(&format!("<{name}")) {
            let (attributes, after) = after.split_once('>').expect("a start");
            let (_, after) = after.split_once(&format!("</{name}>")).expect("an end");
            kept += &format!("{before}<{name}{attributes}/>");
            rest = after.to_owned();
        }
        rest = kept + &rest;
    }
    for (at, part) in rest.split('<').enumerate() {
        let is_void = part.starts_with("meta ") || part.starts_with("br>");
        let part = if is_void { part.replacen('>', "/>", 1) } else { part.to_owned() };
        xml += if at == 0 { "" } else { "<" };
        xml += &part;
    }
    xml
}

/// Every drawing is XML, so is the page, and neither names anything outside it.
#[track_caller]
pub fn assert_well_formed(page: &str) {
    let drawn = drawings(page);
    assert!(drawn.len() > 3, "{} drawings", drawn.len());
    for drawing in drawn {
        roxmltree::Document::parse(drawing).unwrap_or_else(|error| panic!("{error}: {drawing}"));
    }
    let xml = as_xml(page);
    roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    for outside in ["http:", "https:", "src=", "href=", "@import", "NaN", "inf"] {
        let text = page.replace("http-equiv=", "");
        assert!(!text.replace("information", "").contains(outside), "{outside}");
    }
}

/// The JSON of an element of the page.
pub fn embedded(page: &str, name: &str) -> Value {
    let (_, rest) = page.split_once(&format!("id=\"{name}\">")).expect("the element");
    serde_json::from_str(rest.split_once("</script>").expect("its end").0).expect("JSON")
}

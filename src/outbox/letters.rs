use super::*;
#[test]
fn show() {
    let t = Templates::load(&crate::config::Mail {
        provider: "Example Cloud".into(),
        ..Default::default()
    })
    .expect("t");
    for template in Template::ALL {
        for about in samples::of(template, "en")
            .into_iter()
            .skip(13)
            .step_by(3)
            .take(1)
            .chain(samples::of(template, "en").into_iter().take(1))
        {
            let p = t
                .render(&values::Subject {
                    template,
                    about: &about,
                    name: "Ada",
                    stream: samples::stream(template),
                    at: samples::now(),
                    product: Some("Virtual server".into()),
                })
                .expect("p");
            println!("=== {}\nSubject: {}\n\n{}", template.as_str(), p.subject, p.text);
            std::fs::write(format!("/tmp/outbox-{}.html", template.as_str()), p.html).ok();
        }
    }
}

// What a person would plant: e-mail addresses and addresses of pages, of many shapes.
export const mails = {
  mail1: 'k7f3q9w2m4x8@post.example',
  mail2: 'maria.lindqvist.8f3a91c2@mail.example',
  mail3: 'Jonas.Weber+news7Qx2kd9@Example-Mail.test',
  mail4: 'test_user_42b7e19d5c@corp.example.co.uk',
  mail5: 'anna-lena.k9x3v7tq@posteo.test',
  mail6: 'h.okafor.55102837@uni-w4x.example.edu',
};
export const urls = {
  url1: 'https://www.k7q2news.example/politics/2026/04/a-story-9f3c71e2b4.html',
  url2: 'https://shop.w8x3vq.example/p/12345?color=red&size=xl&ref=9d1e33aa72',
  url3: 'http://forum.z4m9tt.example:8080/thread/77812?page=3#post-1182',
  url4: 'https://search.q3v8hh.example/search?q=diabetes+symptoms+k2f8w&hl=en',
  url5: 'https://user.p6r1zz.example/profile/%E6%90%9C/ab12?x=%20y7d3c',
  url6: 'https://www.bücher-k3x9.example/straße/größe?q=äpfel-7f2e9b',
  url7: 'https://docs.r5t8nn.example/5f0c2a9e-7b61-4d38-9c1e-2a6f4b8d0e77',
  url8: 'https://www.clinic-h5n2.example/appointments/oncology?patient=8812736455&day=2026-05-04',
};
export const seeds = { ...mails, ...urls };
export const isMail = (name) => name.startsWith('mail');
